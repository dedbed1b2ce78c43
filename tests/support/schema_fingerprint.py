"""A schema as text, for comparing what migrations make with what is expected."""

from shared.database import Connection

QUERIES = (
    """
    SELECT format('table %s column %s %s%s%s%s', c.relname, a.attname,
                  format_type(a.atttypid, a.atttypmod),
                  CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
                  CASE a.attidentity WHEN '' THEN '' ELSE ' identity' END,
                  coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')
      AND a.attnum > 0 AND NOT a.attisdropped
    """,
    """
    SELECT format('table %s constraint %s %s', c.relname, n.conname, pg_get_constraintdef(n.oid))
    FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
    WHERE n.connamespace = $1::regnamespace
    """,
    """
    SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = $1
    """,
    """
    SELECT format('type %s %s', t.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder))
    FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE t.typnamespace = $1::regnamespace GROUP BY t.typname
    """,
    """
    SELECT format('trigger %s', pg_get_triggerdef(t.oid))
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = $1::regnamespace AND NOT t.tgisinternal
    """,
    """
    SELECT format('function %s', pg_get_functiondef(oid))
    FROM pg_proc WHERE pronamespace = $1::regnamespace
    """,
)


async def schema_fingerprint(connection: Connection, schema: str) -> str:
    """Columns, constraints, indexes, enums, triggers and functions, one per line, sorted."""
    lines: list[str] = []
    for query in QUERIES:
        lines += [row[0] for row in await connection.fetch(query, schema)]
    return "\n".join(sorted(lines)) + "\n"
