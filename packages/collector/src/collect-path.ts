/** The method that agents call. A module of its own: who only calls it needs no server. */
export const COLLECT_PATH = "/skywalking.v3.EBPFAccessLogService/collect";
