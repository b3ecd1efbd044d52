/** The shapes of countries with their ISO 3166 alpha-2 codes, which is what the server names countries by. */
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import atlas from "world-atlas/countries-110m.json";
import { ALPHA2_OF_NUMERIC } from "./countryCodes";

export function worldShapes(): object {
  const topology = atlas as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>;
  const world = feature(topology, topology.objects.countries);
  return {
    ...world,
    features: world.features
      .filter((one) => one.properties.name !== "Antarctica")
      .map((one) => ({ ...one, properties: { name: ALPHA2_OF_NUMERIC[String(one.id ?? "")] ?? one.properties.name } })),
  };
}
