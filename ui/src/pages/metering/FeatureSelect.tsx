/** One of the features that are measured. */
import { Select } from "@mantine/core";
import { metering } from "@/texts/metering";
import { useFeatures } from "./ask";

const { limits: texts } = metering;

export function FeatureSelect({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const features = useFeatures().data?.items ?? [];
  return (
    <Select
      label={texts.feature}
      required
      searchable
      data={features.filter(({ meter_id }) => meter_id).map(({ id, name }) => ({ value: id, label: name }))}
      value={value || null}
      onChange={(id) => onChange(id ?? "")}
    />
  );
}
