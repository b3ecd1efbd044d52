/** One customer, found by name or id while typing. The value is the customer's external id. */
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { useProject } from "@/state/session";
import { CUSTOMERS } from "./ask";

interface CustomerSelectProps {
  label: string;
  placeholder: string;
  value: string;
  onChange: (externalId: string) => void;
  required?: boolean;
}

export function CustomerSelect({ label, placeholder, value, onChange, required = false }: CustomerSelectProps) {
  const project = useProject();
  const [typed, setTyped] = useState("");
  const [settled] = useDebouncedValue(typed, 200);
  const found = useAsk([CUSTOMERS, project.id, "select", settled], (signal) =>
    ask(
      api.POST("/flexprice/v1/customers/search", {
        body: {
          limit: 50,
          ...(settled ? { filters: [{ field: "name", operator: "contains", value: { string: settled } }] } : {}),
        },
        signal,
      }),
    ),
  );
  const options = (found.data?.items ?? []).map(({ external_id, name }) => ({
    value: external_id,
    label: name || external_id,
  }));
  if (value && !options.some((one) => one.value === value)) options.push({ value, label: value });
  return (
    <Select
      label={label}
      placeholder={placeholder}
      required={required}
      data={options}
      value={value || null}
      searchable
      clearable={!required}
      clearButtonProps={{ "aria-label": `${label}: ${placeholder}` }}
      onSearchChange={setTyped}
      onChange={(chosen) => onChange(chosen ?? "")}
      w={{ base: "100%", xs: 240 }}
    />
  );
}
