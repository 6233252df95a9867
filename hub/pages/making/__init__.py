"""From form fields to a recipe document and back. The document is the truth; form, YAML and command line show it."""
