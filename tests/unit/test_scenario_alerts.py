"""Alerts of a run and the queues they come by: what is taken, what stays, what is left behind."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from penstock.scenario.alerts import AlertListener
from penstock.scenario.queues import peek, take
from tests.unit.scored_stage import DEAD_LETTERS, STAGE, TOPIC, Queue, ScoredStage, at, text


def listen(stage: ScoredStage) -> AlertListener:
    return AlertListener(stage.aws(), STAGE)


def is_clean(stage: ScoredStage) -> bool:
    return not stage.subscriptions and list(stage.queues) == [DEAD_LETTERS]


def alert(series: str, minute: float) -> str:
    return json.dumps({"series": series, "timestamp": text(at(minute)), "score": 3.0})


def test_alerts_are_remembered_and_what_machines_say_is_none() -> None:
    stage = ScoredStage()
    with listen(stage) as listener:
        assert listener.look() == set()
        stage.publish(alert("cpu", 1))
        stage.publish("the training failed: no room")
        stage.publish(json.dumps({"AlarmName": "violations"}))
        assert listener.look() == {("cpu", at(1))}
        stage.publish(alert("disk", 2))
        stage.publish(alert("cpu", 1))
        assert listener.look() == {("cpu", at(1)), ("disk", at(2))}
    assert is_clean(stage)


def test_only_the_topic_may_send_to_the_queue() -> None:
    stage = ScoredStage()
    with listen(stage):
        (name,) = stage.queues.keys() - {DEAD_LETTERS}
        (statement,) = stage.queues[name].policy["Statement"]
        (subscribed,) = stage.subscriptions.values()
    assert name.startswith("https://sqs/anomaly-dev-run-")
    assert statement["Resource"] == subscribed
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": TOPIC}}


def test_two_runs_do_not_take_each_others_alerts() -> None:
    stage = ScoredStage()
    with listen(stage) as one, listen(stage) as other:
        stage.publish(alert("cpu", 1))
        assert one.look() == other.look() == {("cpu", at(1))}


def test_a_run_that_fails_leaves_neither_queue_nor_subscription() -> None:
    stage = ScoredStage()
    with pytest.raises(RuntimeError), listen(stage):
        raise RuntimeError
    assert is_clean(stage)


@pytest.mark.parametrize(
    "denied", ["create_queue", "get_queue_attributes", "set_queue_attributes", "subscribe"]
)
def test_a_listener_that_fails_half_way_leaves_nothing(denied: str) -> None:
    stage = ScoredStage()
    stage.denied = {denied}
    with pytest.raises(ClientError, match="AccessDenied"), listen(stage):
        pass
    assert is_clean(stage)


def test_the_queue_goes_even_if_the_subscription_cannot() -> None:
    stage = ScoredStage()
    with pytest.raises(ClientError, match="AccessDenied"), listen(stage):
        stage.denied = {"unsubscribe"}
    assert list(stage.queues) == [DEAD_LETTERS]


def filled(queue: Queue, count: int = 23) -> ScoredStage:
    stage = ScoredStage()
    stage.queues[DEAD_LETTERS] = queue
    for number in range(count):
        queue.send(f"body {number}")
    return stage


@pytest.mark.parametrize("at_once", [10, 3])
def test_taken_messages_are_gone(at_once: int) -> None:
    stage = filled(Queue(at_once=at_once))
    assert sorted(take(stage, DEAD_LETTERS)) == sorted(f"body {number}" for number in range(23))
    assert stage.queues[DEAD_LETTERS].bodies == {}
    assert take(stage, DEAD_LETTERS) == []


@pytest.mark.parametrize("at_once", [10, 3])
def test_peeked_messages_stay_and_are_visible_at_once(at_once: int) -> None:
    stage = filled(Queue(at_once=at_once))
    for _ in range(2):
        bodies = peek(stage, DEAD_LETTERS)
        assert sorted(bodies) == sorted(f"body {number}" for number in range(23))
        assert stage.queues[DEAD_LETTERS].hidden == set()


def test_messages_that_come_again_while_they_are_read_end_the_peek() -> None:
    stage = filled(Queue(hides=False))
    bodies = peek(stage, DEAD_LETTERS)
    assert len(bodies) == len(set(bodies)) == 23


def test_a_message_that_was_received_twice_is_shown_by_its_last_receipt() -> None:
    """Its time was up when all others had been read: the first receipt is worth nothing then."""
    queue = Queue()
    stage = filled(queue, 4)
    receives = []
    receive = queue.receive

    def receive_slowly(most: int) -> list[dict[str, str]]:
        receives.append(most)
        if len(receives) == 2:
            queue.hidden.clear()
        return receive(most)

    queue.receive = receive_slowly  # type: ignore[method-assign]
    assert len(peek(stage, DEAD_LETTERS)) == 4
    assert queue.hidden == set()


def test_an_empty_queue_has_nothing_to_show() -> None:
    stage = filled(Queue(), 0)
    assert (peek(stage, DEAD_LETTERS), take(stage, DEAD_LETTERS)) == ([], [])
