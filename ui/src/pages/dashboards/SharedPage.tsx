/** A shared dashboard, for whoever has the link: nothing can be changed, and it asks again every minute. */
import { Box, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useParams } from "wouter";
import { api, ask, Refused } from "@/api/client";
import { useAsk } from "@/api/queries";
import { Empty, Failure, Loading } from "@/parts/states";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import { readData } from "./dashboards";
import { Grid } from "./Grid";

const { shell } = texts;
const EVERY_MS = 60_000;

export default function SharedPage() {
  const { token = "" } = useParams();
  const dashboard = useAsk(["shared", token], (signal) =>
    ask(api.GET("/solinth/v1/shared/{token}", { params: { path: { token } }, signal })),
  );
  const answers = useAsk(
    ["shared", token, "data", dashboard.data?.updated_at],
    (signal) => readData(`/solinth/v1/shared/${encodeURIComponent(token)}`, null, signal),
    { when: dashboard.isSuccess, every: EVERY_MS },
  );
  useDocumentTitle(`${dashboard.data?.name ?? shell.pages.dashboards} · ${shell.product}`);
  const gone = dashboard.error instanceof Refused && dashboard.error.status === 404;
  return (
    <Box component="main" maw={1440} mx="auto" p={{ base: "sm", sm: "lg" }} mih="100vh">
      {gone ? (
        <Empty title={dashboards.sharedGone} hint={dashboards.sharedGoneHint} height="60vh" />
      ) : dashboard.isError ? (
        <Failure error={dashboard.error} retry={() => void dashboard.refetch()} height="60vh" />
      ) : dashboard.data === undefined ? (
        <Loading height="70vh" />
      ) : (
        <Stack gap="md">
          <div>
            <Title order={1}>{dashboard.data.name}</Title>
            {dashboard.data.description && (
              <Text size="sm" className="soft">
                {dashboard.data.description}
              </Text>
            )}
          </div>
          {answers.isError && !answers.data ? (
            <Failure error={answers.error} retry={() => void answers.refetch()} />
          ) : dashboard.data.widgets.length === 0 ? (
            <Empty title={dashboards.noWidgets} />
          ) : (
            <Grid widgets={dashboard.data.widgets} answers={answers.data} instead={null} />
          )}
        </Stack>
      )}
    </Box>
  );
}
