/** Why a form was refused. */
import { Alert } from "@mantine/core";
import { Refused } from "@/api/client";

/** What was said, where the form is. */
export function Why({ failure }: { failure: unknown }) {
  if (!failure) return null;
  return (
    <Alert color="red" variant="light" role="alert" p="xs">
      {failure instanceof Error ? failure.message : String(failure)}
    </Alert>
  );
}

/** The field that a refusal names, for its form. */
export function fieldErrors(failure: unknown): Record<string, string> {
  return failure instanceof Refused && failure.field ? { [failure.field]: failure.message } : {};
}
