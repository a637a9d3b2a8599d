"""Every module of tracing with tables. They point at each other, and a foreign key finds its table only once the module
that holds it has been imported: whoever uses one imports this."""

from tracing.cases import model as cases
from tracing.followup import model as followup
from tracing.lists import model as lists
from tracing.people import model as people
from tracing.records import model as records
from tracing.teams import model as teams
from tracing.venues import model as venues

__all__ = ["cases", "followup", "lists", "people", "records", "teams", "venues"]
