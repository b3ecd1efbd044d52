/** The overview of a project: what came, what of it is most, how the website and the limits stand, with the way into each room. */
import { SimpleGrid, Stack } from "@mantine/core";
import { useState } from "react";
import { Redirect } from "wouter";
import { useEventNames } from "@/pages/explore/vocabulary";
import { EventDrawer } from "@/pages/live/EventDrawer";
import { Page } from "@/parts/Page";
import { home } from "@/texts/home";
import { LimitsPanel, UsagePanel } from "./BillingPanels";
import { DailyPanel } from "./DailyPanel";
import { NewestPanel, TopPanel } from "./EventPanels";
import { useMonthOfMeters, useWebsites } from "./questions";
import { WebPanel } from "./WebPanel";

const METERS = 4;

export default function HomePage() {
  const names = useEventNames("");
  const websites = useWebsites();
  const meters = useMonthOfMeters(METERS);
  const [open, setOpen] = useState("");
  // A project without events has nothing to look over: it begins elsewhere.
  if (names.data?.events.length === 0) return <Redirect to="/onboarding" replace />;
  const website = websites.data?.websites[0];
  const bills = (meters.data?.length ?? 0) > 0;
  return (
    <Page title={home.title}>
      <Stack gap="md">
        <DailyPanel />
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
          <TopPanel names={names} />
          <NewestPanel onOpen={setOpen} />
        </SimpleGrid>
        {(website || bills) && (
          <SimpleGrid cols={{ base: 1, md: website && bills ? 2 : 1 }} spacing="md">
            {website && <WebPanel website={website} besideBilling={bills} />}
            {bills && (
              <Stack gap="md">
                <UsagePanel meters={meters} />
                <LimitsPanel />
              </Stack>
            )}
          </SimpleGrid>
        )}
      </Stack>
      <EventDrawer id={open} onClose={() => setOpen("")} />
    </Page>
  );
}
