"""The embedded Personalize: its three APIs, its data, its trainings and its recommendations, on a laptop."""
