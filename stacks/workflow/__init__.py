"""The state machine's definition as plain data: Amazon States Language with JSONata, compiled from the configuration.

Nothing here knows the CDK, so a test reads it, walks it and evaluates it without synthesising anything.
"""
