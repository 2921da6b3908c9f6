import type { components } from "~/api/schema.gen";

type Schemas = components["schemas"];

export type Execution = Schemas["Execution"];
export type ListedExecution = Schemas["ListedExecution"];
export type Progress = Schemas["ExecutionProgress"];
export type Package = Schemas["Package"];
export type RawFile = Schemas["File"];
export type Step = Schemas["Step"];
