"""Sip"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sip_leg",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("ring_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.String(), server_default="ordered", nullable=False),
        sa.Column("gateway", sa.String(), nullable=True),
        sa.Column("failure_reason", sa.String(), nullable=True),
        sa.Column("raw_code", sa.String(), nullable=True),
        sa.Column("hang_up", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sip_leg")),
        sa.UniqueConstraint("ref", name=op.f("uq_sip_leg_ref")),
    )
    op.create_index("ix_sip_leg_open", "sip_leg", ["created_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index(op.f("ix_sip_leg_room"), "sip_leg", ["room"], unique=False)
