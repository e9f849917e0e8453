"""The vocabulary that pipelines are described in."""

from pipelines.spec.buckets import Buckets
from pipelines.spec.budget import Budget
from pipelines.spec.canary import Canary
from pipelines.spec.capture import Capture
from pipelines.spec.delivery import Delivery
from pipelines.spec.deployment import Deployment
from pipelines.spec.environment import Environment
from pipelines.spec.gate import Gate
from pipelines.spec.monitor import Monitor
from pipelines.spec.network import Network
from pipelines.spec.pipeline import Pipeline
from pipelines.spec.prepare import Prepare
from pipelines.spec.record import Field
from pipelines.spec.refusals import refusal_lines
from pipelines.spec.retrain import Retrain
from pipelines.spec.sample import Sample
from pipelines.spec.schema import RecordSchema
from pipelines.spec.scoring import Scoring
from pipelines.spec.serverless import Serverless
from pipelines.spec.serving import Serving
from pipelines.spec.serving_hours import ServingHours
from pipelines.spec.serving_switch import ServingSwitch
from pipelines.spec.spot import Spot
from pipelines.spec.stream import Stream
from pipelines.spec.training import Training
from pipelines.spec.tuning import CategoricalRange, ContinuousRange, IntegerRange, Tuning
from pipelines.spec.variant import Variant

__all__ = [
    "Buckets",
    "Budget",
    "Canary",
    "Capture",
    "CategoricalRange",
    "ContinuousRange",
    "Delivery",
    "Deployment",
    "Environment",
    "Field",
    "Gate",
    "IntegerRange",
    "Monitor",
    "Network",
    "Pipeline",
    "Prepare",
    "RecordSchema",
    "Retrain",
    "Sample",
    "Scoring",
    "Serverless",
    "Serving",
    "ServingHours",
    "ServingSwitch",
    "Spot",
    "Stream",
    "Training",
    "Tuning",
    "Variant",
    "refusal_lines",
]
