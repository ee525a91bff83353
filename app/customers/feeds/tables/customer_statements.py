"""The statements that bring known customers to what a feed tells of them, made once a run. Pure.

They join the customers `c` with the staged rows `s`. A field that a source of a higher rank has set (one of
`:blocking`) stays as it is. Whatever the feed's rank, so does a tier that is overridden, and of somebody into whom
others were merged what these are read as: that they are active, and their kind.
"""

from collections.abc import Iterable

from app.customers.feeds.tables.customer_rows import attribute_names

COLUMNS = {
    "name": "name",
    "latin_name": "latin_name",
    "tier": "tier_id",
    "language": "language",
    "manager": "preferred_agent",
    "kind": "kind",
    "relationship_manager": "relationship_manager",
    "segments": "segments",
    "active": "active",
}
"""The fields of feeds that are columns of customers."""

STAGE = """
    create temp table feed_customers (id uuid primary key, name text, latin_name text, tier_id text, language text,
        preferred_agent text, kind text, relationship_manager text, segments text[], active boolean, attributes jsonb,
        fed bigint) on commit drop"""

_NEVER_NOTHING = ("name", "kind")
_MERGED = "exists (select from customers m where m.merged_into = c.id{some})"
HELD = {
    "tier_id": "exists (select from tier_overrides o where o.customer_id = c.id and o.ended_at is null)",
    "active": f"not s.active and {_MERGED.format(some='')}",
    "kind": f"s.kind <> c.kind and {_MERGED.format(some=' and not m.provisional')}",
}
"""When a column stays as it is, whoever tells otherwise."""

NAMES = "create temp table feed_names (id uuid primary key, search text[]) on commit drop"


def update_of(told: Iterable[str], blocking: bool) -> str:
    """What changes the customers that differ or have other parts (`:touched`); it returns the id of each. Those with
    other names are found by what feed_names says."""
    columns = _told(told)
    after = {column: _after(column, blocking) for column in columns}
    if attribute_names(told):
        after["attributes"] = _attributes(blocking)
    pairs = "".join(f"{column} = {value}, " for column, value in after.items())
    differs = " or ".join(f"c.{column} is distinct from {value}" for column, value in after.items()) or "false"
    return (
        f"update customers c set {pairs}search = coalesce(f.search, c.search), version = c.version + 1, "  # noqa: S608
        "fed = s.fed # cast(c.version + 1 as bigint), updated_at = now() "
        "from feed_customers s left join feed_names f on f.id = s.id "
        f"where c.id = s.id and ({differs} or c.id = any(:touched)) returning c.id"
    )


def renamed_of(told: Iterable[str], blocking: bool) -> str | None:
    """Which of the staged customers will have which other names, and locks those; None where the feed tells none."""
    columns = [column for column in _told(told) if column in ("name", "latin_name")]
    if not columns:
        return None
    after = {"name": "c.name", "latin_name": "c.latin_name"}
    after |= {column: _after(column, blocking) for column in columns}
    return (
        f"select c.id, {after['name']} as name, {after['latin_name']} as latin_name "  # noqa: S608 - constants
        "from feed_customers s join customers c on c.id = s.id "
        f"where (c.name, c.latin_name) is distinct from ({after['name']}, {after['latin_name']}) "
        "order by c.id for update of c"
    )


def kept_of(told: Iterable[str]) -> str:
    """How many fields of the staged customers differ from what the feed tells, and stay."""
    kept = [
        f"cast({_blocked(column)} and c.{column} is distinct from {_given(column)} as int)" for column in _told(told)
    ]
    if attribute_names(told):
        kept.append(
            "(select count(*) from unnest(cast(:attributes as text[])) as k where "  # noqa: S608
            f"{_blocked_attribute('k')} and c.attributes -> k is distinct from s.attributes -> k)"
        )
    total = " + ".join(kept) or "0"
    return (
        f"select coalesce(sum({total}), 0) from feed_customers s join customers c on c.id = s.id "  # noqa: S608 - constants
        f"where c.origins <> '{{}}' or c.source = any(:blocking){_held(told)}"
    )


def holds(told: Iterable[str]) -> bool:
    """Whether the feed tells of a field that may have to stay, whatever the feed's rank."""
    return any(column in HELD for column in _told(told))


def _told(told: Iterable[str]) -> list[str]:
    names = set(told)
    return [column for field, column in COLUMNS.items() if field in names]


def _held(told: Iterable[str]) -> str:
    return "".join(f" or {HELD[column]}" for column in _told(told) if column in ("active", "kind"))


def _given(column: str) -> str:
    return f"coalesce(s.{column}, c.{column})" if column in _NEVER_NOTHING else f"s.{column}"


def _blocked(column: str) -> str:
    has = "c.segments <> '{}'" if column == "segments" else f"c.{column} is not null"
    by = f"coalesce(coalesce(c.origins ->> '{column}', case when {has} then c.source end) = any(:blocking), false)"
    return f"({by} or {HELD[column]})" if column in HELD else by


def _blocked_attribute(key: str) -> str:
    made = f"case when jsonb_exists(c.attributes, {key}) then c.source end"
    return f"coalesce(coalesce(c.origins ->> ('attribute.' || {key}), {made}) = any(:blocking), false)"


def _after(column: str, blocking: bool) -> str:
    given = _given(column)
    stays = _blocked(column) if blocking else HELD.get(column)
    return f"case when {stays} then c.{column} else {given} end" if stays else given


def _attributes(blocking: bool) -> str:
    plain = "(c.attributes - cast(:attributes as text[])) || s.attributes"
    if not blocking:
        return plain
    free = f"array(select k from unnest(cast(:attributes as text[])) as k where not {_blocked_attribute('k')})"  # noqa: S608
    taken = "(select jsonb_object_agg(key, value) from jsonb_each(s.attributes) where key = any(f.free))"
    return (
        f"case when c.origins = '{{}}' and not coalesce(c.source = any(:blocking), false) then {plain} else "  # noqa: S608
        f"(select (c.attributes - f.free) || coalesce({taken}, '{{}}') from (select {free} as free) as f) end"
    )
