"""The events' door: everything is checked, then kept in the queue, and only then acknowledged."""
