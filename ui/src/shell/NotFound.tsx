import { Button } from "@mantine/core";
import { Link } from "wouter";
import { Page } from "@/parts/Page";
import { Empty } from "@/parts/states";
import { texts } from "@/texts";

export function NotFound({ home = "/" }: { home?: string }) {
  return (
    <Page title={texts.shell.notFound}>
      <Empty
        title={texts.shell.notFound}
        hint={texts.shell.notFoundHint}
        action={
          <Button component={Link} href={home}>
            {texts.shell.goHome}
          </Button>
        }
      />
    </Page>
  );
}
