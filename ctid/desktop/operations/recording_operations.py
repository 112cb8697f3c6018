"""Operations on recordings: of a call that lasts, of those in the store, and of messages that callers have left."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest import recordings, voicemails
from ctid.desktop.schemas import recording_schemas as shapes
from ctid.desktop.schemas.contact_schemas import ContactAcceptedView

_PEOPLE: Final = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})
_LISTENERS: Final = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.INTEGRATION})
_ADMIN: Final = frozenset({Role.ADMIN})
_EVERYBODY: Final = frozenset(Role)

RECORDING_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="recordContact",
        method="POST",
        path="/v1/contacts/{contact_id}/record",
        summary="Record a call from now on, where the policy leaves that to people",
        roles=_PEOPLE,
        handler=recordings.record,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="pauseRecording",
        method="POST",
        path="/v1/contacts/{contact_id}/pause-recording",
        summary="Be silent on a call's recording until it is resumed, for what must not be kept",
        roles=_PEOPLE,
        handler=recordings.pause,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="resumeRecording",
        method="POST",
        path="/v1/contacts/{contact_id}/resume-recording",
        summary="Record again what is said",
        roles=_PEOPLE,
        handler=recordings.resume,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="listRecordings",
        method="GET",
        path="/v1/recordings",
        summary="Recordings, newest first",
        roles=_LISTENERS,
        handler=recordings.list_recordings,
        query=shapes.RecordingsQuery,
        answer=shapes.RecordingsView,
        searches_store=True,
    ),
    Operation(
        name="getRecording",
        method="GET",
        path="/v1/recordings/{recording_id}",
        summary="What is known of one recording",
        roles=_LISTENERS,
        handler=recordings.get_recording,
        answer=shapes.RecordingView,
        searches_store=True,
    ),
    Operation(
        name="playRecording",
        method="GET",
        path="/v1/recordings/{recording_id}/audio",
        summary="The recording itself, whole or in ranges; goes to the audit trail",
        roles=_LISTENERS,
        handler=recordings.play,
        answer=None,
        content_type="audio/wav",
        audited=True,
        searches_store=True,
        refusals=frozenset({HTTPStatus.CONFLICT}),
    ),
    Operation(
        name="deleteRecording",
        method="DELETE",
        path="/v1/recordings/{recording_id}",
        summary="Delete a recording for good",
        roles=_ADMIN,
        handler=recordings.delete,
        answer=shapes.RecordingAcceptedView,
        searches_store=True,
    ),
    Operation(
        name="listVoicemails",
        method="GET",
        path="/v1/voicemails",
        summary="Messages that callers have left, newest first; an agent sees their own and those of queues they serve",
        roles=_EVERYBODY,
        handler=voicemails.list_voicemails,
        query=shapes.VoicemailsQuery,
        answer=shapes.VoicemailsView,
        searches_store=True,
    ),
    Operation(
        name="getVoicemail",
        method="GET",
        path="/v1/voicemails/{voicemail_id}",
        summary="What is known of one message",
        roles=_EVERYBODY,
        handler=voicemails.get_voicemail,
        answer=shapes.VoicemailView,
        searches_store=True,
    ),
    Operation(
        name="playVoicemail",
        method="GET",
        path="/v1/voicemails/{voicemail_id}/audio",
        summary="The message itself, whole or in ranges; goes to the audit trail",
        roles=_EVERYBODY,
        handler=voicemails.play,
        answer=None,
        content_type="audio/wav",
        audited=True,
        searches_store=True,
        refusals=frozenset({HTTPStatus.CONFLICT}),
    ),
    Operation(
        name="markVoicemail",
        method="PUT",
        path="/v1/voicemails/{voicemail_id}/heard",
        summary="Mark a message as heard, or as not heard",
        roles=_PEOPLE,
        handler=voicemails.mark,
        body=shapes.HeardBody,
        answer=shapes.VoicemailAcceptedView,
        searches_store=True,
    ),
    Operation(
        name="deleteVoicemail",
        method="DELETE",
        path="/v1/voicemails/{voicemail_id}",
        summary="Delete a message for good",
        roles=_PEOPLE,
        handler=voicemails.delete,
        answer=shapes.VoicemailAcceptedView,
        searches_store=True,
    ),
)
