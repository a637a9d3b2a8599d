"""Rooms"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_line",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("stay", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("talks_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_waiting_line_call_id")),
        sa.PrimaryKeyConstraint("room", name=op.f("pk_waiting_line")),
        sa.UniqueConstraint("call_id", name=op.f("uq_waiting_line_call_id")),
    )
    op.create_index(op.f("ix_waiting_line_stay"), "waiting_line", ["stay"])
    op.add_column("queue_entry", sa.Column("callback_id", sa.Uuid(), nullable=True))
    op.add_column("queue_entry", sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("queue_entry", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_queue_entry_callback_id"), "queue_entry", ["callback_id"])
    op.create_table(
        "consultation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["queue_entry.id"], name=op.f("fk_consultation_entry_id")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"], name=op.f("fk_consultation_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index(op.f("ix_consultation_entry_id"), "consultation", ["entry_id"])
