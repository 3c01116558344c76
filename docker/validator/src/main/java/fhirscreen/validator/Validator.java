package fhirscreen.validator;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Validates FHIR R4 resources offline: structure, cardinality, invariants, required bindings and extensions.
 *
 *   java -jar validator.jar [--definitions DIR]... FILE...
 *
 * A FILE is .json (one resource) or .ndjson. DIR holds StructureDefinitions, CodeSystems, ValueSets and
 * SearchParameters, one a .json file; an extension that neither they nor R4 itself define is an error.
 *
 * Prints a line a problem, tab-separated: file name, line (1 in .json), severity, place, message; then
 * "TOTAL n FAILING m" (resources with at least one error). Exit 1 when any fails.
 */
public final class Validator {

    private Validator() {}

    public static void main(String[] arguments) throws Exception {
        FhirContext context = FhirContext.forR4();
        PrePopulatedValidationSupport ours = new PrePopulatedValidationSupport(context);
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--definitions")) {
                addDefinitions(context, ours, Path.of(arguments[++i]));
            } else {
                files.add(Path.of(arguments[i]));
            }
        }

        FhirInstanceValidator instances = new FhirInstanceValidator(new ValidationSupportChain(
                ours,
                new DefaultProfileValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context),
                new InMemoryTerminologyServerValidationSupport(context),
                new SnapshotGeneratingValidationSupport(context)));
        instances.setAnyExtensionsAllowed(false);
        instances.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
        FhirValidator validator = context.newValidator();
        validator.registerValidatorModule(instances);

        int total = 0;
        int failing = 0;
        for (Path file : files) {
            List<String> resources = file.toString().endsWith(".ndjson")
                    ? Files.readAllLines(file) : List.of(Files.readString(file));
            for (int line = 1; line <= resources.size(); line++) {
                String resource = resources.get(line - 1);
                if (resource.isBlank()) {
                    continue;
                }
                total++;
                if (report(file, line, validator.validateWithResult(resource).getMessages())) {
                    failing++;
                }
            }
        }
        System.out.printf("TOTAL %d FAILING %d%n", total, failing);
        System.exit(failing > 0 ? 1 : 0);
    }

    private static void addDefinitions(FhirContext context, PrePopulatedValidationSupport ours, Path folder)
            throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.filter(p -> p.toString().endsWith(".json")).sorted().toList()) {
                IBaseResource definition = context.newJsonParser().parseResource(Files.readString(path));
                ours.addResource(definition);
            }
        }
    }

    /** Prints what is worth a person's attention; true when there is an error among it. */
    private static boolean report(Path file, int line, List<SingleValidationMessage> messages) {
        boolean error = false;
        for (SingleValidationMessage message : messages) {
            ResultSeverityEnum severity = message.getSeverity();
            if (severity == ResultSeverityEnum.INFORMATION) {
                continue;
            }
            error |= severity.compareTo(ResultSeverityEnum.ERROR) >= 0;
            System.out.println(String.join("\t", file.getFileName().toString(), Integer.toString(line),
                    severity.getCode(), String.valueOf(message.getLocationString()),
                    message.getMessage().replaceAll("\\s+", " ")));
        }
        return error;
    }
}
