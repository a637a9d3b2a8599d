"""Callbacks"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.add_column("campaign", sa.Column("kind", sa.String(), server_default="list", nullable=False))
    op.create_index(
        "uq_campaign_standing", "campaign", ["kind"], unique=True, postgresql_where=sa.text("kind <> 'list'")
    )
    op.add_column("target", sa.Column("script", sa.String(), nullable=True))
    op.add_column("target", sa.Column("zone", sa.String(), server_default="", nullable=False))
    op.add_column("target", sa.Column("last_moment", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "target",
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.drop_constraint("uq_target_campaign_id_person_id", "target", type_="unique")
    op.create_index(
        "uq_target_person",
        "target",
        ["campaign_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("script IS NULL"),
    )
    op.drop_index("ix_target_due", "target")
    op.create_index(
        "ix_target_due", "target", ["campaign_id", "area", "zone", "next_at", "id"], postgresql_where=_WAITING
    )
    op.create_index("ix_target_calling", "target", ["campaign_id"], postgresql_where=sa.text("state = 'calling'"))
    op.create_index("ix_target_next", "target", ["campaign_id", "next_at"], postgresql_where=_WAITING)
    op.create_index(
        "ix_target_last_moment",
        "target",
        ["campaign_id", "last_moment"],
        postgresql_where=sa.text("state = 'waiting' AND last_moment IS NOT NULL"),
    )
    op.create_index("ix_target_phone", "target", ["phone", "added_at"])
    op.create_index(
        "ix_target_owed", "target", ["campaign_id", "added_at"], postgresql_where=sa.text("script IS NOT NULL")
    )
    op.create_index("ix_attempt_phone", "attempt", ["phone", "placing_at"])
    op.create_table(
        "campaign_area",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_area_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "area", "zone", name=op.f("pk_campaign_area")),
    )
    op.execute(
        "INSERT INTO campaign_area (campaign_id, area, zone) SELECT DISTINCT campaign_id, area, zone FROM target"
    )
