"""The vocabulary that pipelines are described in."""

from penstock.catalog.algorithms import FromAnswers
from pipelines.spec.buckets import Buckets
from pipelines.spec.budget import Budget
from pipelines.spec.canary import Canary
from pipelines.spec.capture import Capture
from pipelines.spec.compilation import Compilation
from pipelines.spec.delivery import Delivery
from pipelines.spec.deployment import Deployment
from pipelines.spec.environment import Environment
from pipelines.spec.gate import Gate
from pipelines.spec.logged_metric import LoggedMetric
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
from pipelines.spec.script_training import ScriptTraining
from pipelines.spec.serverless import Serverless
from pipelines.spec.serving import Serving
from pipelines.spec.serving_hours import ServingHours
from pipelines.spec.serving_switch import ServingSwitch
from pipelines.spec.spot import Spot
from pipelines.spec.stream import Stream
from pipelines.spec.training import Training
from pipelines.spec.training_job import TrainingJob
from pipelines.spec.tuning import CategoricalRange, ContinuousRange, IntegerRange, Tuning
from pipelines.spec.variant import Variant

__all__ = [
    "Buckets",
    "Budget",
    "Canary",
    "Capture",
    "CategoricalRange",
    "Compilation",
    "ContinuousRange",
    "Delivery",
    "Deployment",
    "Environment",
    "Field",
    "FromAnswers",
    "Gate",
    "IntegerRange",
    "LoggedMetric",
    "Monitor",
    "Network",
    "Pipeline",
    "Prepare",
    "RecordSchema",
    "Retrain",
    "Sample",
    "Scoring",
    "ScriptTraining",
    "Serverless",
    "Serving",
    "ServingHours",
    "ServingSwitch",
    "Spot",
    "Stream",
    "Training",
    "TrainingJob",
    "Tuning",
    "Variant",
    "refusal_lines",
]
