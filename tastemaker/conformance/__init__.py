"""What is known of how Amazon Personalize behaves, as cases that any endpoint can be asked: the embedded one or AWS.

`runner.run` runs cases against a `World`, `recording` writes down what was asked and answered, `coverage` says what
the cases see of each operation. Nothing here knows the embedded Personalize: it is one of the endpoints.
"""
