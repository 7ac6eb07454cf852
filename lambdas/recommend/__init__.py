"""The recommendation API: HTTP in, Personalize asked, JSON out, popular items where Personalize fails."""
