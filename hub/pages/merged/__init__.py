"""What the report of a merge tells, layer by layer and source by source."""
