/** Help texts by metric name, less the prefix; a metric without one is explained by its name. */
export const METRIC_HELP: Readonly<Record<string, string>> = {
  node_alarms_total: 'Self-checks that failed, by check.',
  node_ready: '1 while the node is ready for its roles.',
  node_balance_gwei: 'Balance of the node key, in gwei.',
  relay_units_total: "Other providers' data units relayed to the contract, by outcome.",
  settlements_total: "The provider's settlements, by outcome.",
}
