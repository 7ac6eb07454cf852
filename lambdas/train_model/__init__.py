"""Solutions, their versions and the metrics of a version."""
