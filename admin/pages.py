"""All pages of the console. A new group of pages is a module in `admin/views` and a line here."""

from __future__ import annotations

from admin.views import (
    alive,
    appointments,
    audit,
    calls,
    campaign_actions,
    campaigns,
    consultation,
    do_not_call,
    doctors,
    health,
    messages,
    new_campaign,
    prompts,
    queue,
    records,
    rehearsals,
    signing_in,
    telephone,
    today,
    users,
)

ALL_PAGES = (
    alive.pages,
    signing_in.pages,
    today.pages,
    campaigns.pages,
    campaign_actions.pages,
    new_campaign.pages,
    rehearsals.pages,
    calls.pages,
    messages.pages,
    records.pages,
    appointments.pages,
    queue.pages,
    consultation.pages,
    doctors.pages,
    do_not_call.pages,
    telephone.pages,
    prompts.pages,
    health.pages,
    users.pages,
    audit.pages,
)
