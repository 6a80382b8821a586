"""What a Discord client lets a user send: options are checked against the registered commands."""

from collections.abc import Mapping
from typing import Any

from tests.worlds.discord.places import ADMINISTRATOR, JSON, Attachment, Channel, Member, Message, User
from tests.worlds.discord.reply import Reply

SUB_COMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, NUMBER, ATTACHMENT = 1, 2, 3, 4, 5, 6, 10, 11
STRING_LIMIT = 6000


class CommandError(Exception):
    """A Discord client would not send this."""


def _as_string(option: JSON, value: Any) -> str:
    if not isinstance(value, str):
        raise CommandError(f"{option['name']}: text is wanted, not {value!r}")
    low, high = option.get("min_length", 0), option.get("max_length", STRING_LIMIT)
    if not low <= len(value) <= high:
        raise CommandError(f"{option['name']}: {low} to {high} characters, not {len(value)}")
    return value


def _as_number(option: JSON, value: Any) -> float:
    whole = option["type"] == INTEGER
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise CommandError(f"{option['name']}: a number is wanted, not {value!r}")
    if value < option.get("min_value", value) or value > option.get("max_value", value):
        raise CommandError(f"{option['name']}: {value} is out of range")
    return float(value) if not whole else int(value)


def _as_boolean(option: JSON, value: Any) -> bool:
    if not isinstance(value, bool):
        raise CommandError(f"{option['name']}: true or false, not {value!r}")
    return value


def _as_user(option: JSON, value: Any) -> str:
    if not isinstance(value, User | Member):
        raise CommandError(f"{option['name']}: a user is wanted, not {value!r}")
    return str(value.user.id)


def _as_attachment(option: JSON, value: Any) -> str:
    if not isinstance(value, Attachment):
        raise CommandError(f"{option['name']}: a file is wanted, not {value!r}")
    return str(value.id)


_READ = {
    STRING: _as_string,
    INTEGER: _as_number,
    NUMBER: _as_number,
    BOOLEAN: _as_boolean,
    USER: _as_user,
    ATTACHMENT: _as_attachment,
}


def _value(option: JSON, value: Any) -> Any:
    sent = _READ[option["type"]](option, value)
    allowed = [choice["value"] for choice in option.get("choices") or []]
    if allowed and sent not in allowed:
        raise CommandError(f"{option['name']}: {value!r} is none of {allowed}")
    return sent


def _leaf(definition: JSON, words: list[str]) -> tuple[JSON, list[str]]:
    """Walk down groups and subcommands to the definition that takes the options."""
    here = definition
    for word in words:
        subs = {o["name"]: o for o in here.get("options") or [] if o["type"] in (SUB_COMMAND, GROUP)}
        if word not in subs:
            raise CommandError(f"/{definition['name']} has no subcommand {word!r}")
        here = subs[word]
    if any(o["type"] in (SUB_COMMAND, GROUP) for o in here.get("options") or []):
        raise CommandError(f"/{definition['name']} needs a subcommand")
    return here, words


def _check_context(definition: JSON, member: User | Member, channel: Channel) -> None:
    context = 1 if channel.guild is None else 0
    contexts = definition.get("contexts")
    allowed = context in contexts if contexts is not None else context == 0 or definition.get("dm_permission", True)
    if not allowed:
        raise CommandError(f"/{definition['name']} is not offered here")
    wanted = definition.get("default_member_permissions")
    if wanted is None or channel.guild is None or definition["name"] in channel.guild.open_commands:
        return
    held = member.permissions if isinstance(member, Member) else 0
    if not held & ADMINISTRATOR and held & int(wanted) != int(wanted):
        raise CommandError(f"/{definition['name']} is hidden from {member.user.name}")


def _resolved(options: Mapping[str, Any], origin: str, channel: Channel) -> JSON:
    people = [v for v in options.values() if isinstance(v, User | Member)]
    texts, known = [v for v in options.values() if isinstance(v, str)], channel.guild.members if channel.guild else []
    people += [member for member in known if any(member.mention in text for text in texts)]
    files = {str(v.id): v.payload(origin) | {"ephemeral": True} for v in options.values() if isinstance(v, Attachment)}
    if not people and not files:
        return {}
    members = {str(p.id): p.payload(with_user=False) for p in people if isinstance(p, Member)}
    users = {str(p.id): p.user.payload() for p in people}
    found = {"users": users, "members": members, "attachments": files}
    return {"resolved": {kind: those for kind, those in found.items() if those}}


def command_data(
    registered: Mapping[str, JSON],
    member: User | Member,
    channel: Channel,
    line: str,
    options: Mapping[str, Any],
    *,
    focused: str | None = None,
    origin: str = "",
) -> JSON:
    """Build the `data` of an interaction for `/name sub…` with options. Raises CommandError."""
    name, *words = line.removeprefix("/").split()
    if name not in registered:
        raise CommandError(f"there is no command /{name}")
    definition = registered[name]
    _check_context(definition, member, channel)
    leaf, path = _leaf(definition, words)
    sent = _options(leaf, line, options, focused)
    for depth, word in reversed(list(enumerate(path))):
        sent = [{"name": word, "type": GROUP if depth < len(path) - 1 else SUB_COMMAND, "options": sent}]
    return {"id": definition["id"], "name": name, "type": 1, "options": sent} | _resolved(options, origin, channel)


def _options(leaf: JSON, line: str, options: Mapping[str, Any], focused: str | None) -> list[JSON]:
    known = {o["name"]: o for o in leaf.get("options") or []}
    if unknown := options.keys() - known.keys():
        raise CommandError(f"{line} has no option {', '.join(sorted(unknown))}")
    missing = [n for n, o in known.items() if o.get("required") and n not in options]
    if missing and focused is None:
        raise CommandError(f"{line} needs {', '.join(missing)}")
    return [_option(known[n], v, focused) for n, v in options.items()]


def _option(definition: JSON, value: Any, focused: str | None) -> JSON:
    kind, name = definition["type"], definition["name"]
    if name != focused:
        return {"name": name, "type": kind, "value": _value(definition, value)}
    if not definition.get("autocomplete"):
        raise CommandError(f"{name} does not complete")
    return {"name": name, "type": kind, "value": str(value), "focused": True}


MESSAGE_COMMAND = 3


def message_data(
    registered: Mapping[str, JSON], member: User | Member, message: Message, name: str, origin: str
) -> JSON:
    """Build the `data` of an entry of a message's menu. Raises CommandError."""
    definition = registered.get(name)
    if definition is None or definition.get("type", 1) != MESSAGE_COMMAND:
        raise CommandError(f"there is no entry {name}")
    _check_context(definition, member, message.channel)
    resolved = {"messages": {str(message.id): message.payload(origin)}}
    target = str(message.id)
    return {"id": definition["id"], "name": name, "type": MESSAGE_COMMAND, "target_id": target, "resolved": resolved}


TEXT_INPUT, SELECT, FILE_UPLOAD, LABEL = 4, 3, 19, 18


def modal_data(modal: JSON, entered: Mapping[str, Any], origin: str) -> JSON:
    """Build the `data` of a form that is sent; what is not entered stays as it was. Raises CommandError."""
    inputs = {label["component"]["custom_id"]: label["component"] for label in modal["components"]}
    if len(inputs) > 5 or len(inputs) < len(modal["components"]):
        raise CommandError("a form has at most five fields")
    if unknown := entered.keys() - inputs.keys():
        raise CommandError(f"the form has no field {', '.join(sorted(unknown))}")
    sent = [{"type": LABEL, "id": n, "component": _entered(field, entered)} for n, field in enumerate(inputs.values())]
    files = {str(v.id): v.payload(origin) | {"ephemeral": True} for v in entered.values() if isinstance(v, Attachment)}
    resolved = {"resolved": {"attachments": files}} if files else {}
    return {"custom_id": modal["custom_id"], "components": sent} | resolved


def _entered(definition: JSON, entered: Mapping[str, Any]) -> JSON:
    kind, name = definition["type"], definition["custom_id"]
    sent = {"type": kind, "id": 1, "custom_id": name}
    if kind == TEXT_INPUT:
        value = entered.get(name, definition.get("value") or "")
        if not isinstance(value, str) or len(value) > definition.get("max_length", 4000):
            raise CommandError(f"{name}: {value!r} can't be entered")
        return sent | {"value": value}
    value = entered.get(name, [o["value"] for o in definition.get("options") or () if o.get("default")])
    if kind == FILE_UPLOAD:
        return sent | {"values": [str(value.id)] if isinstance(value, Attachment) else []}
    values = [value] if isinstance(value, str) else list(value)
    if len(values) > definition["max_values"] or set(values) - {o["value"] for o in definition["options"]}:
        raise CommandError(f"{name}: {values} can't be chosen")
    return sent | {"values": values}


def interaction_event(application_id: int, origin: str, reply: Reply, member: User | Member, data: JSON) -> JSON:
    """Build the interaction that the bot receives, as complete as Discord's."""
    channel, guild = reply.channel, reply.channel.guild
    event: JSON = {
        "id": str(reply.id),
        "application_id": str(application_id),
        "type": reply.kind,
        "token": reply.token,
        "version": 1,
        "data": data,
        "channel": channel.payload(),
        "channel_id": str(channel.id),
        "locale": member.user.language,
        "app_permissions": str(channel.bot_permissions),
        "attachment_size_limit": reply.upload_limit_bytes,
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(guild.id if guild else 0)},
        "context": 0 if guild else 1,
    }
    if reply.original is not None:
        event["message"] = reply.original.payload(origin)
    if guild is None:
        return event | {"user": member.user.payload()}
    assert isinstance(member, Member), f"{member.name} is not in {guild.name}"
    where = {"id": str(guild.id), "locale": "en-US", "features": []}
    return event | {"guild_id": str(guild.id), "guild": where, "guild_locale": "en-US", "member": member.payload()}
