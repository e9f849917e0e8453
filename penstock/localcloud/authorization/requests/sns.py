"""SNS: topics with their policies, and the key of an encrypted topic."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, Holder
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.encryption import key_access
from penstock.localcloud.authorization.requests.naming import Naming, tag_context

_NAMING = Naming(
    prefix="sns",
    without=frozenset(
        [
            "CheckIfPhoneNumberIsOptedOut",
            "CreatePlatformApplication",
            "CreatePlatformEndpoint",
            "GetSMSAttributes",
            "GetSubscriptionAttributes",
            "ListPhoneNumbersOptedOut",
            "ListPlatformApplications",
            "ListSubscriptions",
            "ListTopics",
            "OptInPhoneNumber",
            "SetSMSAttributes",
            "SetSubscriptionAttributes",
            "Unsubscribe",
        ]
    ),
    arns=("TopicArn", "TargetArn", "ResourceArn"),
    names={"Name": "{}"},
    actions={"PublishBatch": "Publish"},
)


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on its topic; a message to a phone number is on no topic."""
    if call.operation == "Publish" and call.text("PhoneNumber"):
        return [Access("sns:Publish", "*")]
    topic = _NAMING.resource(call)
    context = dict(tag_context(call))
    if call.operation == "Subscribe":
        context["sns:Protocol"] = (call.text("Protocol"),)
        context["sns:Endpoint"] = (call.text("Endpoint"),)
    holder = Holder("topic", topic) if topic != "*" else None
    found = [Access(_NAMING.action(call), topic, context, holder)]
    if found[0].action == "sns:Publish":
        # SNS developer guide, "Key management": publishers need both
        for use in ("GenerateDataKey", "Decrypt"):
            found += key_access(
                use,
                lookups.topic_key(topic),
                call,
                lookups,
                via="sns",
                encryption_context={"aws:sns:topicArn": topic},
            )
    return found
