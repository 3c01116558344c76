package fhirscreen.hapi;

import ca.uhn.fhir.rest.server.RestfulServer;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertiesPropertySource;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ClassPathResource;

/**
 * Entry point: embedded Jetty in front of HAPI's RestfulServer servlet, mounted at /fhir.
 *
 * Settings come from, strongest first: --name=value flags, system properties, environment
 * variables (HAPI_JDBC_URL for hapi.jdbc.url), application.yaml.
 * "--port=8080" (0: any free one) and "--jdbc=jdbc:..." are short forms.
 *
 * Prints "READY URL after N s" on standard output once it answers. "--stop-with=PID" ends the server
 * when that process is gone, so that no test run, however it dies, leaves one behind.
 */
public final class HapiServer {

    private HapiServer() {}

    public static void main(String[] args) throws Exception {
        long started = System.currentTimeMillis();

        StandardEnvironment env = new StandardEnvironment();
        MutablePropertySources sources = env.getPropertySources();
        sources.addFirst(new SimpleCommandLinePropertySource("flags", args));
        YamlPropertiesFactoryBean yaml = new YamlPropertiesFactoryBean();
        yaml.setResources(new ClassPathResource("application.yaml"));
        sources.addLast(new PropertiesPropertySource("application.yaml", yaml.getObject()));

        Long guardian = env.getProperty("stop-with", Long.class);
        if (guardian != null) {
            ProcessHandle.of(guardian).ifPresentOrElse(
                    process -> process.onExit().thenRun(() -> Runtime.getRuntime().halt(0)),
                    () -> Runtime.getRuntime().halt(0));
        }

        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        context.setEnvironment(env);
        context.register(ServerConfig.class);
        if (env.getRequiredProperty("hapi.subscriptions", Boolean.class)) {
            context.register(SubscriptionsConfig.class);
        }
        context.refresh();
        context.registerShutdownHook();

        Server jetty = new Server(new QueuedThreadPool(env.getProperty("hapi.http-threads", Integer.class, 40)));
        ServerConnector connector = new ServerConnector(jetty);
        connector.setHost(env.getProperty("hapi.host", "127.0.0.1"));
        connector.setPort(env.getProperty("port", Integer.class, 8080));
        jetty.addConnector(connector);

        ServletContextHandler root = new ServletContextHandler("/");
        root.addServlet(new ServletHolder(context.getBean(RestfulServer.class)), "/fhir/*");
        jetty.setHandler(root);
        jetty.start();

        System.out.printf("READY http://%s:%d/fhir after %.1f s%n",
                connector.getHost(), connector.getLocalPort(), (System.currentTimeMillis() - started) / 1000.0);
        jetty.join();
    }
}
