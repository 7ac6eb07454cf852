"""What runs on AWS: a package per Lambda function, and `common` that they share."""
