"""DynamoDB tables to CSV files in S3, by Personalize's rules, one scan segment a call."""
