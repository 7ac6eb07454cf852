"""What the Lambda functions share: errors, names, the Personalize client and logs."""
