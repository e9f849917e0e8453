"""The null of a state's definition."""

from __future__ import annotations

from aws_cdk import Token

# CDK leaves out what is null in a state's definition, but not what becomes the word null when the
# definition's text is put together
NULL = Token.as_number({"Fn::Join": ["", ["null"]]})
