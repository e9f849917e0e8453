"""Plant telemetry: machine readings go to a lake, an operator trains and serves a defect grader."""

import aws_cdk as cdk
from telemetry.stack import PlantTelemetryStack

app = cdk.App()
PlantTelemetryStack(
    app,
    "PlantTelemetry",
    env=cdk.Environment(account="210987654321", region="eu-west-1"),
    description="Machine readings, their archive, and the defect grader trained on them",
)
cdk.Tags.of(app).add("cost-centre", "plant-7")
app.synth()
