"""Dataset group, schemas, datasets and import jobs: described, then created where they do not exist."""
