"""Campaigns: created or updated, tried, and published to the API."""
