/** The shapes of countries with their ISO 3166 alpha-2 codes, which is what the server names countries by. */
import type { Geometry } from "geojson";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import atlas from "world-atlas/countries-110m.json";
import { ALPHA2_OF_NUMERIC } from "./countryCodes";

type Ring = number[][];

/** A ring that goes over the date line goes on beyond it; drawn as it is it would be a bar across the whole map. */
function unbroken(ring: Ring): Ring {
  const crosses = ring.some(([lon = 0], place) => place > 0 && Math.abs(lon - (ring[place - 1]?.[0] ?? lon)) > 180);
  return crosses ? ring.map(([lon = 0, ...rest]) => [lon < 0 ? lon + 360 : lon, ...rest]) : ring;
}

function unbrokenShape(shape: Geometry): Geometry {
  if (shape.type === "Polygon") return { ...shape, coordinates: shape.coordinates.map(unbroken) };
  if (shape.type === "MultiPolygon")
    return { ...shape, coordinates: shape.coordinates.map((polygon) => polygon.map(unbroken)) };
  return shape;
}

export function worldShapes(): object {
  const topology = atlas as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>;
  const world = feature(topology, topology.objects.countries);
  return {
    ...world,
    features: world.features
      .filter((one) => one.properties.name !== "Antarctica")
      .map((one) => ({
        ...one,
        geometry: unbrokenShape(one.geometry),
        properties: { name: ALPHA2_OF_NUMERIC[String(one.id ?? "")] ?? one.properties.name },
      })),
  };
}
