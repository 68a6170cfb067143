import { RecordingError, RecordingReader } from "@wirescribe/recording";
import { CliError, EXIT } from "../cli/errors.ts";

/** Opens a recording; a file that is none is told in one line. */
export async function openRecording(file: string): Promise<RecordingReader> {
	try {
		return await RecordingReader.open(file);
	} catch (error) {
		if (error instanceof RecordingError) throw new CliError(error.message, EXIT.runtime, { cause: error });
		throw error;
	}
}
