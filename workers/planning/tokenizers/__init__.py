"""TOKENIZERS: read as plain JSON, united, and turned into rows of embeddings. The same answers at check and in the job, without torch."""
