"""Cases, exposures, follow-up, quarantine, venues, teams, laboratory; the contacts of before get their cases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disease_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("by_rule", sa.String(), nullable=False),
        sa.Column("by_hand", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), server_default="none_yet", nullable=False),
        sa.Column("onset_on", sa.Date(), nullable=True),
        sa.Column("sampled_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_disease_case_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disease_case")),
        sa.UniqueConstraint("disease", "number", name=op.f("uq_disease_case_disease_number")),
    )
    op.create_index(op.f("ix_disease_case_area"), "disease_case", ["area"], unique=False)
    op.create_index(op.f("ix_disease_case_person_id"), "disease_case", ["person_id"], unique=False)
    op.create_index("ix_disease_case_reported_at", "disease_case", ["reported_at"], unique=False)
    op.create_index(
        "ix_disease_case_number",
        "disease_case",
        ["number"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_table(
        "list_source",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_source")),
        sa.UniqueConstraint("name", name=op.f("uq_list_source_name")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    op.create_index(op.f("ix_team_area"), "team", ["area"], unique=False)
    op.create_table(
        "venue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "name_search", sa.String(), sa.Computed("lower(immutable_unaccent(name))", persisted=True), nullable=False
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue")),
    )
    op.create_index(op.f("ix_venue_area"), "venue", ["area"], unique=False)
    op.create_index(
        "ix_venue_name_search",
        "venue",
        ["name_search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_search": "gin_trgm_ops"},
    )
    op.create_table(
        "contact_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("why", sa.String(), server_default="", nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["disease_case.id"], name=op.f("fk_contact_change_case_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_change_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_change")),
    )
    op.create_index(op.f("ix_contact_change_case_id"), "contact_change", ["case_id"], unique=False)
    op.create_index(op.f("ix_contact_change_contact_id"), "contact_change", ["contact_id"], unique=False)
    op.create_table(
        "dose",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("vaccine", sa.String(), server_default="", nullable=False),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dose_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dose")),
        sa.UniqueConstraint("person_id", "disease", "number", name=op.f("uq_dose_person_id_disease_number")),
    )
    op.create_table(
        "follow_up",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("situation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("why", sa.String(), server_default="", nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settle_next", sa.Date(), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_follow_up_days")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_follow_up_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
    )
    op.create_index(
        "ix_follow_up_last_day",
        "follow_up",
        ["last_day"],
        unique=False,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index(
        "ix_follow_up_settle_next",
        "follow_up",
        ["settle_next"],
        unique=False,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index(
        "uq_follow_up_current",
        "follow_up",
        ["person_id", "disease"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "lab_test",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sampled_on", sa.Date(), nullable=False),
        sa.Column("result", sa.String(), server_default="pending", nullable=False),
        sa.Column("result_on", sa.Date(), nullable=True),
        sa.Column("laboratory", sa.String(), server_default="", nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["disease_case.id"], name=op.f("fk_lab_test_case_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_lab_test_contact_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lab_test_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lab_test")),
    )
    op.create_index(op.f("ix_lab_test_case_id"), "lab_test", ["case_id"], unique=False)
    op.create_index(op.f("ix_lab_test_contact_id"), "lab_test", ["contact_id"], unique=False)
    op.create_index(op.f("ix_lab_test_person_id"), "lab_test", ["person_id"], unique=False)
    op.create_index(
        "ix_lab_test_pending", "lab_test", ["id"], unique=False, postgresql_where=sa.text("result = 'pending'")
    )
    op.create_table(
        "list_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("for_campaign", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("start", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("findings", sa.LargeBinary(), nullable=True),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("errors", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("decisions", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("leave_out", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_list_import_campaign_id")),
        sa.ForeignKeyConstraint(["source_id"], ["list_source.id"], name=op.f("fk_list_import_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_import")),
    )
    op.create_index(op.f("ix_list_import_area"), "list_import", ["area"], unique=False)
    op.create_table(
        "not_duplicate",
        sa.Column("low_id", sa.Uuid(), nullable=False),
        sa.Column("high_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_not_duplicate_order")),
        sa.ForeignKeyConstraint(["high_id"], ["person.id"], name=op.f("fk_not_duplicate_high_id")),
        sa.ForeignKeyConstraint(["low_id"], ["person.id"], name=op.f("fk_not_duplicate_low_id")),
        sa.PrimaryKeyConstraint("low_id", "high_id", name=op.f("pk_not_duplicate")),
    )
    op.create_index("ix_not_duplicate_high_id", "not_duplicate", ["high_id"], unique=False)
    op.create_table(
        "duplicate_candidate",
        sa.Column("low_id", sa.Uuid(), nullable=False),
        sa.Column("high_id", sa.Uuid(), nullable=False),
        sa.Column("degree", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("signs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_duplicate_candidate_order")),
        sa.ForeignKeyConstraint(["high_id"], ["person.id"], name=op.f("fk_duplicate_candidate_high_id")),
        sa.ForeignKeyConstraint(["low_id"], ["person.id"], name=op.f("fk_duplicate_candidate_low_id")),
        sa.PrimaryKeyConstraint("low_id", "high_id", name=op.f("pk_duplicate_candidate")),
    )
    op.create_index(
        "ix_duplicate_candidate_order",
        "duplicate_candidate",
        ["degree", "points", "low_id", "high_id"],
        unique=False,
    )
    op.create_index("ix_duplicate_candidate_high_id", "duplicate_candidate", ["high_id"], unique=False)
    op.create_table(
        "duplicate_search",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duplicate_search")),
    )
    op.create_table(
        "person_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("why", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("moved", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["person.id"], name=op.f("fk_person_merge_kept_id")),
        sa.ForeignKeyConstraint(["merged_id"], ["person.id"], name=op.f("fk_person_merge_merged_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merge")),
    )
    op.create_index(op.f("ix_person_merge_kept_id"), "person_merge", ["kept_id"], unique=False)
    op.create_index(op.f("ix_person_merge_merged_id"), "person_merge", ["merged_id"], unique=False)
    op.create_table(
        "period_adjustment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.String(), server_default="", nullable=False),
        sa.Column("why", sa.String(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_period_adjustment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_adjustment")),
    )
    op.create_index("ix_period_adjustment_person", "period_adjustment", ["person_id", "disease"], unique=False)
    op.create_index(
        "uq_period_adjustment_missed",
        "period_adjustment",
        ["person_id", "disease", "day"],
        unique=True,
        postgresql_where=sa.text("kind = 'missed'"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("why", sa.String(), server_default="", nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_quarantine_days")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quarantine_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index("ix_quarantine_person", "quarantine", ["person_id", "disease"], unique=False)
    op.create_table(
        "team_member",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_member_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_team_member_user_id")),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_member")),
    )
    op.create_index(op.f("ix_team_member_user_id"), "team_member", ["user_id"], unique=False)
    op.create_table(
        "venue_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uncertain_minutes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "arrived_at <= left_at AND left_at <= arrived_at + interval '1 day'", name=op.f("ck_venue_visit_times")
        ),
        sa.CheckConstraint("uncertain_minutes BETWEEN 0 AND 720", name=op.f("ck_venue_visit_uncertain")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_venue_visit_person_id")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_venue_visit_venue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_visit")),
        sa.UniqueConstraint(
            "venue_id", "person_id", "arrived_at", name=op.f("uq_venue_visit_venue_id_person_id_arrived_at")
        ),
    )
    op.create_index(op.f("ix_venue_visit_person_id"), "venue_visit", ["person_id"], unique=False)
    op.create_index("ix_venue_visit_times", "venue_visit", ["venue_id", "arrived_at", "left_at"], unique=False)
    op.create_table(
        "exposure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.String(), server_default="", nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("metres", sa.Double(), nullable=True),
        sa.Column("masked", sa.Boolean(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_exposure_call_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_exposure_contact_id")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_exposure_venue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exposure")),
        sa.UniqueConstraint(
            "contact_id",
            "day",
            "kind",
            "place",
            "venue_id",
            name=op.f("uq_exposure_contact_id_day_kind_place_venue_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_exposure_contact_id"), "exposure", ["contact_id"], unique=False)
    op.create_index(op.f("ix_exposure_venue_id"), "exposure", ["venue_id"], unique=False)
    op.create_table(
        "named_contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("put_aside_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_named_contact_call_id")),
        sa.ForeignKeyConstraint(["case_id"], ["disease_case.id"], name=op.f("fk_named_contact_case_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_named_contact_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_contact")),
        sa.UniqueConstraint("case_id", "phone", name=op.f("uq_named_contact_case_id_phone")),
    )
    op.create_table(
        "overlap_put_aside",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["disease_case.id"], name=op.f("fk_overlap_put_aside_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_overlap_put_aside_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlap_put_aside")),
        sa.UniqueConstraint("case_id", "person_id", name=op.f("uq_overlap_put_aside_case_id_person_id")),
    )
    op.create_index(op.f("ix_overlap_put_aside_person_id"), "overlap_put_aside", ["person_id"], unique=False)
    op.create_table(
        "follow_up_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("nth", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("how", sa.String(), server_default="call", nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("symptoms", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("risk", sa.String(), nullable=True),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_follow_up_visit_person_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_follow_up_visit_record_id")),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f("fk_follow_up_visit_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_visit")),
        sa.UniqueConstraint(
            "person_id", "disease", "day", "nth", name=op.f("uq_follow_up_visit_person_id_disease_day_nth")
        ),
        sa.UniqueConstraint("target_id", name=op.f("uq_follow_up_visit_target_id")),
    )
    op.create_index("ix_follow_up_visit_day", "follow_up_visit", ["day"], unique=False)
    op.create_index(
        "ix_follow_up_visit_due", "follow_up_visit", ["day"], unique=False, postgresql_where=sa.text("result IS NULL")
    )
    op.create_index(
        "ix_follow_up_visit_open",
        "follow_up_visit",
        ["day"],
        unique=False,
        postgresql_where=sa.text("result IS NULL AND target_id IS NULL"),
    )
    op.create_index(
        "ix_follow_up_visit_ill", "follow_up_visit", ["day"], unique=False, postgresql_where=sa.text("symptoms <> '[]'")
    )
    op.create_index(
        "ix_follow_up_visit_missed",
        "follow_up_visit",
        ["day"],
        unique=False,
        postgresql_where=sa.text("result = 'unavailable'"),
    )
    op.add_column("contact", sa.Column("disease", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("case_id", sa.Uuid(), nullable=True))
    op.add_column("contact", sa.Column("became_case_id", sa.Uuid(), nullable=True))
    op.add_column("contact", sa.Column("source_contact_id", sa.Uuid(), nullable=True))
    op.add_column("contact", sa.Column("status", sa.String(), server_default="active", nullable=False))
    op.add_column("contact", sa.Column("follow_up", sa.String(), server_default="no_follow_up", nullable=False))
    op.add_column("contact", sa.Column("by_rule", sa.String(), server_default="unconfirmed", nullable=False))
    op.add_column("contact", sa.Column("by_hand", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("first_exposed_on", sa.Date(), nullable=True))
    op.add_column("contact", sa.Column("last_exposed_on", sa.Date(), nullable=True))
    op.add_column(
        "contact",
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("contact", sa.Column("team_id", sa.Uuid(), nullable=True))
    op.add_column("contact", sa.Column("area", sa.String(), server_default="", nullable=False))
    op.add_column("contact", sa.Column("source", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contact", sa.Column("created_by", sa.Uuid(), nullable=True))
    op.add_column(
        "contact",
        sa.Column("plan_at", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=True),
    )
    op.add_column("contact", sa.Column("unplanned", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    _fill_in()
    for column in ("disease", "source", "reported_at"):
        op.alter_column("contact", column, nullable=False)
    op.drop_constraint(op.f("uq_contact_person_id_source_case"), "contact", type_="unique")
    op.create_index(op.f("ix_contact_area"), "contact", ["area"], unique=False)
    op.create_index(op.f("ix_contact_became_case_id"), "contact", ["became_case_id"], unique=False)
    op.create_index("ix_contact_case_id", "contact", ["case_id"], unique=False)
    op.create_index(
        "ix_contact_followed",
        "contact",
        ["area", "team_id"],
        unique=False,
        postgresql_where=sa.text("follow_up = 'follow_up'"),
    )
    op.create_index(
        "ix_contact_plan_at", "contact", ["plan_at"], unique=False, postgresql_where=sa.text("plan_at IS NOT NULL")
    )
    op.create_index("ix_contact_reported_at", "contact", ["reported_at"], unique=False)
    op.create_index(
        "ix_contact_without_team",
        "contact",
        ["area"],
        unique=False,
        postgresql_where=sa.text("team_id IS NULL AND status = 'active'"),
    )
    op.create_index(op.f("ix_contact_source_contact_id"), "contact", ["source_contact_id"], unique=False)
    op.create_index(op.f("ix_contact_team_id"), "contact", ["team_id"], unique=False)
    op.create_index(
        "uq_contact_case",
        "contact",
        ["person_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("case_id IS NOT NULL"),
    )
    op.create_index(
        "uq_contact_source_contact",
        "contact",
        ["person_id", "source_contact_id"],
        unique=True,
        postgresql_where=sa.text("source_contact_id IS NOT NULL"),
    )
    op.create_index(
        "uq_contact_unknown_source",
        "contact",
        ["person_id", "disease"],
        unique=True,
        postgresql_where=sa.text("case_id IS NULL AND source_contact_id IS NULL"),
    )
    op.create_foreign_key(op.f("fk_contact_source_contact_id"), "contact", "contact", ["source_contact_id"], ["id"])
    op.create_foreign_key(op.f("fk_contact_team_id"), "contact", "team", ["team_id"], ["id"])
    op.create_foreign_key(op.f("fk_contact_became_case_id"), "contact", "disease_case", ["became_case_id"], ["id"])
    op.create_foreign_key(op.f("fk_contact_case_id"), "contact", "disease_case", ["case_id"], ["id"])
    op.drop_column("contact", "exposed_on")
    op.drop_column("contact", "source_case")
    op.drop_column("contact", "created_at")
    op.drop_column("contact", "exposure_place")
    op.add_column("voice_message", sa.Column("kind", sa.String(), server_default="message", nullable=False))
    op.add_column("person", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_person_merged_into"), "person", ["merged_into"], unique=False)
    op.create_foreign_key(op.f("fk_person_merged_into"), "person", "person", ["merged_into"], ["id"])
    op.create_index(
        "ix_record_first",
        "record",
        ["person_id", "created_at", "id"],
        unique=False,
        postgresql_include=["call_id"],
        postgresql_where=sa.text("call_id IS NOT NULL"),
    )
    op.create_index("ix_record_answer_record_id", "record_answer", ["record_id"], unique=False)
    op.create_index("ix_audit_entry_action", "audit_entry", ["action", "id"], unique=False)
    op.create_index("ix_person_namesakes", "person", ["name_search", "birth_year"], unique=False)


def _fill_in() -> None:
    """A contact named its source case, one exposure and nothing else; all of them were of COVID-19."""
    op.execute(
        "INSERT INTO disease_case (id, disease, number, by_rule, area, reported_at) "
        "SELECT gen_random_uuid(), 'covid-19', source_case, 'confirmed', '', min(created_at) "
        "FROM contact WHERE source_case <> '' GROUP BY source_case"
    )
    op.execute(
        "UPDATE contact SET disease = 'covid-19', source = 'list', reported_at = contact.created_at, "
        "first_exposed_on = exposed_on, last_exposed_on = exposed_on, area = person.area, "
        "case_id = (SELECT id FROM disease_case WHERE number = source_case) "
        "FROM person WHERE person.id = person_id"
    )
    op.execute(
        "INSERT INTO exposure (id, contact_id, kind, day, place, source, created_at) "
        "SELECT gen_random_uuid(), id, 'person', exposed_on, exposure_place, 'list', reported_at "
        "FROM contact WHERE exposed_on IS NOT NULL"
    )
