// What the OpenAPI document says, as the page needs it.

const verbs = ["get", "post", "put", "delete"];

/** One operation after the other, with its references followed. */
export function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    verbs.filter((verb) => item[verb]).map((verb) => operation(document, path, verb, item[verb])));
}

function operation(document, path, verb, value) {
  const content = value.requestBody?.content?.["application/json"];
  return {
    id: value.operationId, path, method: verb.toUpperCase(), tag: value.tags?.[0] ?? "", summary: value.summary,
    parameters: value.parameters ?? [],
    body: content && { schema: content.schema, example: content.example, required: value.requestBody.required },
    answers: Object.entries(value.responses).map(([status, answer]) => ({ status, ...followed(document, answer) })),
  };
}

function followed(document, value) {
  if (!value.$ref) return value;
  return value.$ref.replace(/^#\//, "").split("/").reduce((part, name) => part[name], document);
}

/** The members of a body that is an object, or many of them. */
export function members(schema) {
  const object = schema.oneOf?.find(({ type }) => type === "object") ?? schema;
  const required = new Set(object.required ?? []);
  return Object.entries(object.properties ?? {}).map(([name, value]) =>
    ({ name, schema: value, required: required.has(name) }));
}

const between = (least, most, unit) =>
  least !== undefined && most !== undefined ? `${least} to ${most}${unit}`
    : least !== undefined ? `at least ${least}${unit}` : most !== undefined ? `at most ${most}${unit}` : null;

/** A schema in a few words: "integer, 1 to 1000". */
export function inWords(schema) {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(inWords))].join(", or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  const type = schema.type === "array" && schema.items ? `array of ${inWords(schema.items)}` : [schema.type ?? "any"].flat().join(" or ");
  return [
    schema.format ?? type, between(schema.minimum, schema.maximum, ""),
    between(schema.minLength, schema.maxLength, " characters"), between(schema.minItems, schema.maxItems, " elements"),
  ].filter(Boolean).join(", ");
}
