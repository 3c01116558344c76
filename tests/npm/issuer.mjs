// A certified OpenID provider on the loopback, for people who sign in to the pages and programs that ask the API.
// Its first line on standard output is its address. Arguments: the addresses of services, each with the client ids
// `pages` (for all of them) and `hasty`, whose codes live for a second.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const services = process.argv.slice(2);
const AUDIENCE = 'fhirscreen';
const roles = {
  rivera: ['trial-nurse', 'offline_access'],
  okafor: ['designer'],
  visitor: ['offline_access'],
};

const person = (client_id) => ({
  client_id,
  client_secret: 's3cret:/+ of the pages',
  grant_types: ['authorization_code'],
  redirect_uris: services.map((url) => `${url}/sign-in/callback`),
  post_logout_redirect_uris: services.map((url) => `${url}/sign-in`),
});

const server = createServer();
await new Promise((begun) => server.listen(0, '127.0.0.1', begun));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    person('pages'),
    person('hasty'),
    {
      client_id: 'worklist', client_secret: 's3cret', redirect_uris: [], response_types: [],
      grant_types: ['client_credentials'],
    },
  ],
  async findAccount(_, id) {
    return {
      accountId: id,
      claims: () => ({ sub: id, preferred_username: `${id}@hospital`, realm_access: { roles: roles[id] ?? [] } }),
    };
  },
  claims: { profile: ['preferred_username', 'realm_access'] },
  conformIdTokenClaims: false, // what the scopes ask for stands in the ID token
  pkce: { required: () => true, methods: ['S256'] },
  cookies: { keys: ['of this test alone'] },
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        audience: AUDIENCE, scope: 'system/ResearchStudy.rs system/*.rs', accessTokenFormat: 'jwt',
      }),
    },
  },
  ttl: {
    AuthorizationCode: (_, code, client) => (client.clientId === 'hasty' ? 1 : 60),
    AccessToken: 300, ClientCredentials: 300, Grant: 600, IdToken: 300, Interaction: 600, Session: 600,
  },
});
server.on('request', provider.callback());
console.log(issuer);
