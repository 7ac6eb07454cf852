"""From the queue into the events table and to Personalize."""
