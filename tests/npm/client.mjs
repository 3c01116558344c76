// Reads, searches, screens and decides as a FHIR client of others does; what it saw is printed as JSON.
import { CapabilityTool, Client } from 'fhir-kit-client';

const [baseUrl, number, day] = process.argv.slice(2);
const asOf = { name: 'asOf', valueDate: day };
const client = new Client({ baseUrl });

const statement = await client.capabilityStatement();
const tool = new CapabilityTool(statement);
const can = tool.interactionsFor({ resourceType: 'ResearchSubject' });

const studies = await client.search({ resourceType: 'ResearchStudy', searchParams: { identifier: number } });
const study = studies.entry[0].resource;
const version = await client.vread({ resourceType: 'ResearchStudy', id: study.id, version: study.meta.versionId });
const group = await client.read({ resourceType: 'Group', id: study.enrollment[0].reference.split('/')[1] });
const lists = await client.search({ resourceType: 'List', searchParams: { subject: `Group/${group.id}` } });

const subjects = [];
let page = await client.search({
  resourceType: 'ResearchSubject',
  searchParams: { study: study.id, status: 'potential-candidate', _count: 3 },
});
const total = page.total;
while (page) {
  subjects.push(...(page.entry ?? []).map((entry) => entry.resource));
  page = await client.nextPage({ bundle: page });
}
const patient = subjects[0].individual.reference;
const posted = await client.search({
  resourceType: 'ResearchSubject', searchParams: { patient }, options: { postSearch: true },
});

const screened = await client.operation({
  name: 'screen', resourceType: 'ResearchStudy', id: study.id, method: 'POST',
  input: { resourceType: 'Parameters', parameter: [{ name: 'patient', valueReference: { reference: patient } }, asOf] },
});
const fitting = await client.operation({
  name: 'studies', resourceType: 'Patient', id: patient.split('/').pop(), method: 'POST',
  input: { resourceType: 'Parameters', parameter: [asOf] },
});

const decided = await client.update({
  resourceType: 'ResearchSubject', id: subjects[0].id, body: { ...subjects[0], status: 'screening' },
  options: { headers: { 'If-Match': `W/"${subjects[0].meta.versionId}"` } },
});
let refused = null;
try {
  await client.read({ resourceType: 'ResearchSubject', id: 'no-such' });
} catch (error) {
  refused = { status: error.response.status, type: error.response.data.resourceType };
}

console.log(JSON.stringify({
  fhirVersion: statement.fhirVersion, can, title: version.title, criteria: group.characteristic.length,
  listed: lists.entry[0].resource.entry.length, total, subjects: subjects.map((each) => each.id),
  posted: posted.entry.map((entry) => entry.resource.individual.reference), patient,
  outcome: screened.parameter.find((each) => each.name === 'outcome').valueCode,
  matches: fitting.parameter.filter((each) => each.name === 'match').length,
  decided: decided.status, refused,
}));
