/** What customers may use of features, with what they used; and alerts on usage. */
import { Stack } from "@mantine/core";
import { Page } from "@/parts/Page";
import { metering } from "@/texts/metering";
import { Alerts } from "./Alerts";
import { Entitlements } from "./Entitlements";
import { Noticed } from "./Noticed";

const { limits: texts } = metering;

export default function LimitsPage() {
  return (
    <Page title={texts.title} about={texts.about}>
      <Stack gap="md">
        <Entitlements />
        <Alerts />
        <Noticed />
      </Stack>
    </Page>
  );
}
