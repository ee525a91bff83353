"""What the history of a customer is read and searched by: words of what people wrote, and indexes in order of time.

`history_words` makes the words of a text: of Chinese every two characters that stand side by side and the last one of
a run alone, so that a word of any length is found; of other scripts each word without case and accents; and whose
text it is, so that one customer's are found without reading everybody's. `history_query` makes what is asked of them.
They are expressions of indexes: whoever writes a row, by whatever way, it is found.

Revision: 0033
After: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TAKEN_APART = rf"""
    select word, word ~ '^[{HAN}]' as han, nth from regexp_matches(
        regexp_replace(translate(lower(normalize(regexp_replace(normalize(left(written, 20000), NFKD),
            '[\u0300-\u036f\u3099\u309a]|[''`\u2019\u02bc]', '', 'g'), NFC) collate pg_c_utf8), 'øłđðı', 'olddi'),
            '([{HAN}]+)', ' \1 ', 'g') collate pg_c_utf8,
        '[[:alnum:]]+', 'g') with ordinality m(found, nth) cross join lateral (select found[1] as word) w
"""  # noqa: S608 - a text without case, accents and width, as `app.customers.names.search.fold` makes it; in words

WORDS = rf"""
create function history_words(customer uuid, written text) returns tsvector
language sql immutable parallel safe cost 500 as $$
    select coalesce(array_to_tsvector(array_remove(array_agg(token) || ('@' || customer), null)), '')
    from ({_TAKEN_APART}) t cross join lateral (
        select substr(word, i, 2) as token from generate_series(1, length(word)) i where han
        union all select left(word, 64) where not han
    ) tokens
$$
"""  # noqa: S608 - made of the constants above

QUERY = rf"""
create function history_query(customer uuid, written text) returns tsquery
language sql immutable parallel safe cost 500 as $$
    select (coalesce(string_agg(asked, ' & '), '')
            || coalesce(case when count(*) > 0 then ' & ' end || quote_literal('@' || customer), ''))\:\:tsquery
    from ({_TAKEN_APART}) t cross join lateral (
        select substr(word, i, 2) as asked from generate_series(1, length(word) - 1) i where han
        union all select case when han or length(word) > 2 then left(word, 64) || '\:*' else word end
        where not han or length(word) = 1
    ) terms
$$
"""  # noqa: S608 - made of the constants above

NOTES = "kind = 'note'"
SEARCHED = (
    ("interactions", "history_words(customer_id, note)", "note is not null"),
    ("interaction_entries", "history_words(customer_id, data ->> 'text')", NOTES),
    ("customer_notes", "history_words(customer_id, text)", None),
)
"""Tables of what people write, the words of it, and which rows have any."""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(WORDS)
    op.execute(QUERY)
    op.add_column("interaction_entries", sa.Column("customer_id", sa.Uuid(), nullable=True))
    op.execute(
        "update interaction_entries e set customer_id = i.customer_id from interactions i "
        "where e.kind = 'note' and i.id = e.interaction_id and i.started_at = e.started_at"
    )
    for table, words, where in SEARCHED:
        has = None if where is None else sa.text(where)
        op.create_index(f"ix_{table}_words", table, [sa.text(words)], postgresql_using="gin", postgresql_where=has)
    op.create_index(
        "ix_interaction_entries_notes",
        "interaction_entries",
        ["customer_id", "at", "id"],
        postgresql_where=sa.text(NOTES),
    )
    op.create_index(
        "ix_customer_notes_customer_id_written_at_id", "customer_notes", ["customer_id", "written_at", "id"]
    )
    op.drop_index("ix_customer_notes_customer_id", "customer_notes")
    op.create_index("ix_dues_customer_id_started_at_id", "dues", ["customer_id", "started_at", "id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_dues_customer_id_started_at_id", "dues")
    op.create_index("ix_customer_notes_customer_id", "customer_notes", ["customer_id"])
    op.drop_index("ix_customer_notes_customer_id_written_at_id", "customer_notes")
    op.drop_index("ix_interaction_entries_notes", "interaction_entries")
    for table, _, _ in SEARCHED:
        op.drop_index(f"ix_{table}_words", table)
    op.drop_column("interaction_entries", "customer_id")
    op.execute("drop function history_query(uuid, text)")
    op.execute("drop function history_words(uuid, text)")
