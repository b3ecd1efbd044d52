/** A part of a long list as a table, with the way to the other parts. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { DataTable, type DataTableProps } from "./DataTable";
import { Pager } from "./Pager";
import { Answer } from "./states";

interface Part<Row> {
  items: readonly Row[];
  pagination: { total: number; offset: number };
}

interface PagedTableProps<Row> extends Omit<DataTableProps<Row>, "rows"> {
  of: UseQueryResult<Part<Row>, Error>;
  /** Of the content, in pixels. */
  height: number;
  /** Shown when there is nothing in the list. */
  empty: ReactNode;
  /** How many a page has. */
  size: number;
  onPage: (offset: number) => void;
}

export function PagedTable<Row>({ of, height, empty, size, onPage, ...table }: PagedTableProps<Row>) {
  return (
    <Answer of={of} height={height} isEmpty={({ items }) => items.length === 0} empty={empty}>
      {({ items, pagination: { total, offset } }) => (
        <>
          <DataTable {...table} rows={items} />
          {total > size && <Pager offset={offset} shown={items.length} total={total} size={size} onChange={onPage} />}
        </>
      )}
    </Answer>
  );
}
