/** A table: numbers at the right, rows that may be pressed, columns that may sort, a bar behind the first number. */
import { Group, ScrollArea, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { type CSSProperties, type ReactNode, useMemo, useState } from "react";
import { texts } from "@/texts";

export interface Column<Row> {
  id: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** Numbers are aligned at the right. */
  number?: boolean;
  /** The column can be sorted by this. */
  by?: (row: Row) => number | string;
  /** Share of the whole, 0 to 1: drawn as a bar behind the cell. */
  share?: (row: Row) => number;
  width?: number | string;
  /** The name of the column is for screen readers alone (columns of buttons). */
  hiddenTitle?: boolean;
}

export interface DataTableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Pressing a row's first cell; `rowLabel` says what that does, to screen readers. */
  onRow?: (row: Row) => void;
  rowLabel?: (row: Row) => string;
  /** Which rows can be pressed; all, without it. */
  canPress?: (row: Row) => boolean;
  /** Least width in pixels, below which the table scrolls sideways inside its panel. */
  minWidth?: number;
  maxHeight?: number;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, onRow, rowLabel, canPress = () => true, minWidth = 280, maxHeight } = props;
  const [sorting, setSorting] = useState<{ id: string; down: boolean } | null>(null);
  const sorted = useMemo(() => {
    const by = columns.find((column) => column.id === sorting?.id)?.by;
    if (!by || !sorting) return rows;
    const order = (a: Row, b: Row) => {
      const [left, right] = [by(a), by(b)];
      return left < right ? -1 : left > right ? 1 : 0;
    };
    return [...rows].sort((a, b) => (sorting.down ? -order(a, b) : order(a, b)));
  }, [rows, columns, sorting]);
  const table = (
    <table className="table" aria-label={label} style={{ minWidth }}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Heading
              key={column.id}
              column={column}
              down={sorting?.id === column.id ? sorting.down : null}
              onSort={() =>
                setSorting((before) => ({
                  id: column.id,
                  down: before?.id === column.id ? !before.down : !!column.number,
                }))
              }
            />
          ))}
        </tr>
      </thead>
      <tbody>
        {sorted.map((row) => (
          <tr key={rowKey(row)} {...(onRow && canPress(row) ? { "data-clickable": true } : {})}>
            {columns.map((column, place) => (
              <td
                key={column.id}
                className={[column.number && "number", column.share && "share"].filter(Boolean).join(" ")}
                style={cellStyle(column, row)}
              >
                {place === 0 && onRow && canPress(row) ? (
                  <button type="button" className="row-button" aria-label={rowLabel?.(row)} onClick={() => onRow(row)}>
                    {column.cell(row)}
                  </button>
                ) : (
                  <span>{column.cell(row)}</span>
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
  return (
    <ScrollArea.Autosize
      type="auto"
      offsetScrollbars="present"
      viewportProps={{ tabIndex: 0, role: "group", "aria-label": label }}
      {...(maxHeight ? { mah: maxHeight } : {})}
    >
      {table}
    </ScrollArea.Autosize>
  );
}

function cellStyle<Row>(column: Column<Row>, row: Row): CSSProperties {
  const share = column.share ? { "--share": Math.max(0, Math.min(1, column.share(row))) } : {};
  return {
    ...(column.width ? { width: column.width } : {}),
    ...(column.number ? {} : { maxWidth: 320 }),
    ...share,
  } as CSSProperties;
}

function Heading<Row>({ column, down, onSort }: { column: Column<Row>; down: boolean | null; onSort: () => void }) {
  const title = column.hiddenTitle ? <VisuallyHidden>{column.title}</VisuallyHidden> : column.title;
  const className = column.number ? "number" : undefined;
  if (!column.by)
    return (
      <th scope="col" className={className}>
        {title}
      </th>
    );
  const Arrow = down ? IconChevronDown : IconChevronUp;
  return (
    <th scope="col" className={className} aria-sort={down === null ? "none" : down ? "descending" : "ascending"}>
      <UnstyledButton onClick={onSort} fz="inherit" fw="inherit" c="inherit" title={texts.shell.sortBy(column.title)}>
        <Group gap={2} wrap="nowrap" justify={column.number ? "flex-end" : "flex-start"}>
          {title}
          {down !== null && <Arrow size={13} aria-hidden />}
        </Group>
      </UnstyledButton>
    </th>
  );
}
