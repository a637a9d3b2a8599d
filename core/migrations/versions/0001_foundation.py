"""Foundation"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for extension in ("pg_trgm", "unaccent", "btree_gist"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    # `unaccent` is only STABLE, because its dictionary could change; a generated column needs IMMUTABLE. Ours does not
    # change. `đ` is in the dictionary.
    op.execute(
        "CREATE FUNCTION immutable_unaccent(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT "
        "AS $$ SELECT public.unaccent('public.unaccent', $1) $$"
    )
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("language", sa.String(), server_default="vi", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("failed_logins", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("login", name=op.f("uq_app_user_login")),
    )
    op.create_table(
        "area",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("counterparts", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_area")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_subject"), "audit_entry", ["subject"], unique=False)
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("script", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("language", sa.String(), server_default="vi", nullable=False),
        sa.Column("state", sa.String(), server_default="draft", nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("window_from", sa.Time(), nullable=False),
        sa.Column("window_until", sa.Time(), nullable=False),
        sa.Column("weekdays", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("last_moment", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("pace", sa.Double(), nullable=False),
        sa.Column("ring_seconds", sa.Integer(), server_default=sa.text("40"), nullable=False),
        sa.Column("on_machine", sa.String(), server_default="message", nullable=False),
        sa.Column("retries", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("6"), nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(op.f("ix_campaign_area"), "campaign", ["area"], unique=False)
    op.create_table(
        "do_not_call",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_do_not_call")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("relayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_open", "outbox", ["due_at"], unique=False, postgresql_where=sa.text("done_at IS NULL"))
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "name_search", sa.String(), sa.Computed("lower(immutable_unaccent(name))", persisted=True), nullable=False
        ),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), server_default="vi", nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_area"), "person", ["area"], unique=False)
    op.create_index(
        "ix_person_name_search",
        "person",
        ["name_search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_person_phone"), "person", ["phone"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_receipt")),
    )
    op.create_index("ix_receipt_at", "receipt", ["at"], unique=False, postgresql_using="brin")
    op.create_table(
        "script_revision",
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("script", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_script_revision")),
    )
    op.create_table(
        "call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("remote_number", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), server_default="created", nullable=False),
        sa.Column("failure_reason", sa.String(), nullable=True),
        sa.Column("raw_code", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("script", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("script_state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("next_turn", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ringing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["revision"], ["script_revision.revision"], name=op.f("fk_call_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_call_attempt_id")),
        sa.UniqueConstraint("carrier", "provider_ref", name=op.f("uq_call_carrier_provider_ref")),
    )
    op.create_index(op.f("ix_call_area"), "call", ["area"], unique=False)
    op.create_index(op.f("ix_call_campaign_id"), "call", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_call_created_at"), "call", ["created_at"], unique=False)
    op.create_index("ix_call_open", "call", ["created_at"], unique=False, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index(op.f("ix_call_person_id"), "call", ["person_id"], unique=False)
    op.create_index(op.f("ix_call_remote_number"), "call", ["remote_number"], unique=False)
    op.create_index(op.f("ix_call_target_id"), "call", ["target_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("source_case", sa.String(), server_default="", nullable=False),
        sa.Column("generation", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("exposed_on", sa.Date(), nullable=True),
        sa.Column("exposure_place", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contact_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("person_id", "source_case", name=op.f("uq_contact_person_id_source_case")),
    )
    op.create_index(op.f("ix_contact_person_id"), "contact", ["person_id"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_login_session_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
    )
    op.create_index(op.f("ix_login_session_user_id"), "login_session", ["user_id"], unique=False)
    op.create_table(
        "practitioner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_practitioner_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner")),
        sa.UniqueConstraint("user_id", name=op.f("uq_practitioner_user_id")),
    )
    op.create_index(op.f("ix_practitioner_area"), "practitioner", ["area"], unique=False)
    op.create_table(
        "target",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("disposition", sa.String(), server_default="registered", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("outcomes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("resume_state", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_target_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("campaign_id", "person_id", name=op.f("uq_target_campaign_id_person_id")),
    )
    op.create_index(op.f("ix_target_area"), "target", ["area"], unique=False)
    op.create_index("ix_target_campaign_disposition", "target", ["campaign_id", "disposition", "state"], unique=False)
    op.create_index(
        "ix_target_due",
        "target",
        ["campaign_id", "next_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(op.f("ix_target_person_id"), "target", ["person_id"], unique=False)
    op.create_table(
        "appointment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("state", sa.String(), server_default="proposed", nullable=False),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.literal_column("person_id"), "="),
            (sa.literal_column("during"), "&&"),
            where=sa.text("person_id IS NOT NULL AND state IN ('booked', 'arrived', 'fulfilled')"),
            using="gist",
            name="ex_appointment_person",
        ),
        postgresql.ExcludeConstraint(
            (sa.literal_column("practitioner_id"), "="),
            (sa.literal_column("during"), "&&"),
            where=sa.text("state IN ('proposed', 'booked', 'arrived', 'fulfilled')"),
            using="gist",
            name="ex_appointment_practitioner",
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_appointment_call_id")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"], name=op.f("fk_appointment_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("reference", name=op.f("uq_appointment_reference")),
    )
    op.create_index(op.f("ix_appointment_area"), "appointment", ["area"], unique=False)
    op.create_index(op.f("ix_appointment_call_id"), "appointment", ["call_id"], unique=False)
    op.create_index(
        "ix_appointment_holds",
        "appointment",
        ["hold_until"],
        unique=False,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_index(op.f("ix_appointment_person_id"), "appointment", ["person_id"], unique=False)
    op.create_index("ix_appointment_start", "appointment", [sa.literal_column("lower(during)")], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), server_default="claimed", nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_attempt_campaign_id")),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f("fk_attempt_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("target_id", "number", name=op.f("uq_attempt_target_id_number")),
    )
    op.create_index(
        "ix_attempt_live", "attempt", ["campaign_id"], unique=False, postgresql_where=sa.text("state <> 'ended'")
    )
    op.create_index("ix_attempt_placing", "attempt", ["campaign_id", "placing_at"], unique=False)
    op.create_index(
        "uq_attempt_live_phone", "attempt", ["phone"], unique=True, postgresql_where=sa.text("state <> 'ended'")
    )
    op.create_table(
        "call_event",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_event_call_id")),
        sa.PrimaryKeyConstraint("call_id", "seq", name=op.f("pk_call_event")),
    )
    op.create_table(
        "queue_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("was_with", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("telephone_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_queue_entry_call_id")),
        sa.ForeignKeyConstraint(["was_with"], ["practitioner.id"], name=op.f("fk_queue_entry_was_with")),
        sa.ForeignKeyConstraint(["taken_by"], ["practitioner.id"], name=op.f("fk_queue_entry_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_entry")),
        sa.UniqueConstraint("call_id", name=op.f("uq_queue_entry_call_id")),
    )
    op.create_index(op.f("ix_queue_entry_area"), "queue_entry", ["area"], unique=False)
    op.create_index(op.f("ix_queue_entry_person_id"), "queue_entry", ["person_id"], unique=False)
    op.create_index(
        "ix_queue_entry_waiting",
        "queue_entry",
        ["urgency", "created_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), server_default="draft", nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("risk", sa.String(), nullable=True),
        sa.Column("flagged", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_record_call_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_record_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("call_id", name=op.f("uq_record_call_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_record_reference")),
    )
    op.create_index(op.f("ix_record_area"), "record", ["area"], unique=False)
    op.create_index(op.f("ix_record_created_at"), "record", ["created_at"], unique=False)
    op.create_index("ix_record_flagged", "record", ["created_at"], unique=False, postgresql_where=sa.text("flagged"))
    op.create_index(op.f("ix_record_person_id"), "record", ["person_id"], unique=False)
    op.create_table(
        "weekly_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"], name=op.f("fk_weekly_hours_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_hours")),
    )
    op.create_index(op.f("ix_weekly_hours_practitioner_id"), "weekly_hours", ["practitioner_id"], unique=False)
    op.create_table(
        "record_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("heard", sa.String(), server_default="", nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrected_by", sa.Uuid(), nullable=True),
        sa.Column("correction_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_record_answer_call_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_answer_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_answer")),
    )
    op.create_index(op.f("ix_record_answer_call_id"), "record_answer", ["call_id"], unique=False)
    op.create_index(
        "uq_record_answer_current",
        "record_answer",
        ["record_id", "field"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    # The audit log is append-only, for everyone.
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE EXCEPTION 'The audit log cannot be changed.'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
