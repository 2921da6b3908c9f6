/** Return a variable that describes the deployment under test. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name} is not set: source what describes the deployment, for example build/dev/env`);
  }
  return value;
}
