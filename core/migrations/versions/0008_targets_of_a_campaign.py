"""The newest people of a campaign are found without walking through those of all."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_target_campaign", "target", ["campaign_id", "id"], unique=False)
